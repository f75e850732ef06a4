/** Thrown inside the converter: the bytes are fine, but no table. The transform then stores them as gzip. */
export class NotTabular extends Error {
  override readonly name = 'NotTabular';
}
