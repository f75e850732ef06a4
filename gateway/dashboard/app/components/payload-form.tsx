import type { FormField } from '../lib/schema-form.ts';

export interface PayloadFormProps {
  readonly fields: readonly FormField[];
  readonly texts: ReadonlyMap<string, string>;
  /** By pointer. */
  readonly problems: ReadonlyMap<string, string>;
  readonly onChange: (texts: ReadonlyMap<string, string>) => void;
}

/** The fields of a payload, each with what is wrong with it beside it. */
export function PayloadForm({ fields, texts, problems, onChange }: PayloadFormProps) {
  return (
    <>
      {fields.map((field) => (
        <Field
          key={field.pointer}
          field={field}
          text={texts.get(field.pointer) ?? ''}
          problem={problemAt(field, problems)}
          onChange={(text) => onChange(new Map(texts).set(field.pointer, text))}
        />
      ))}
    </>
  );
}

/** A field that holds JSON answers for all that is within it. */
function problemAt({ pointer }: FormField, problems: ReadonlyMap<string, string>): string | undefined {
  const inside = [...problems].find(([place]) => place === pointer || place.startsWith(`${pointer}/`));
  if (!inside) return undefined;
  return inside[0] === pointer ? inside[1] : `${inside[0].slice(pointer.length)} ${inside[1]}`;
}

interface FieldProps {
  readonly field: FormField;
  readonly text: string;
  readonly problem?: string | undefined;
  readonly onChange: (text: string) => void;
}

/** A label, what is written, and what is wrong with it. */
export function Field({ field, text, problem, onChange }: FieldProps) {
  const id = `field${field.pointer.replaceAll('/', '-')}`;
  return (
    <div class="field">
      <label class="label" for={id}>
        <b>{field.name}</b> {field.hint}
      </label>
      <Control id={id} field={field} text={text} problem={problem} onChange={onChange} />
      <p class={`hint field-note ${problem === undefined ? '' : 'is-bad'}`} id={`${id}-note`}>
        {problem ?? field.doc}
      </p>
    </div>
  );
}

function Control({ id, field, text, problem, onChange }: FieldProps & { id: string }) {
  const common = { id, 'aria-invalid': problem !== undefined, 'aria-describedby': `${id}-note` };
  if (field.kind === 'choice') {
    return (
      <select {...common} class="select" value={text} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{field.isOptional ? '' : 'choose one'}</option>
        {field.choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  }
  if (field.kind === 'json') {
    return (
      <textarea
        {...common}
        class="input area mono"
        rows={4}
        value={text}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  return (
    <input
      {...common}
      class="input"
      inputMode={field.kind === 'text' ? 'text' : field.kind === 'integer' ? 'numeric' : 'decimal'}
      autocomplete="off"
      value={text}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}
