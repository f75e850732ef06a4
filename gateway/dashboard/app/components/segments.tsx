export interface Segment {
  readonly value: string;
  readonly label: string;
  readonly title?: string;
}

export interface SegmentsProps {
  readonly name: string;
  readonly value: string;
  readonly choices: readonly Segment[];
  readonly onChange: (value: string) => void;
}

/** One of a few, all in sight. */
export function Segments({ name, value, choices, onChange }: SegmentsProps) {
  return (
    <fieldset class="segments" aria-label={name}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          class="segment"
          title={choice.title}
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.label}
        </button>
      ))}
    </fieldset>
  );
}
