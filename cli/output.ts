/** Data of a command, for people or (`--json`) for programs: stdout. */
export function printData(data: unknown, options: { json: boolean; text: () => string }): void {
  process.stdout.write(options.json ? `${JSON.stringify(data, null, 2)}\n` : `${options.text()}\n`);
}

/** Progress and remarks: stderr, so that stdout can be piped. */
export function printProgress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Whether colours and moving bars are welcome on this stream (https://no-color.org). */
export function isLively(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR;
}
