/** What a broker said of one partition of a produce request. */
export type PartitionAnswer =
  | { readonly kind: 'written'; readonly baseOffset: number }
  | { readonly kind: 'refused'; readonly error: Error };

interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly baseOffset: string;
    }[];
  }[];
}

export type Answers = ReadonlyMap<string, PartitionAnswer>;
export type Parse = (answer: unknown) => Promise<unknown>;

const partial = new WeakMap<object, Answers>();

export const answerKey = (topic: string, partition: number): string => `${partition}:${topic}`;

/**
 * kafkajs throws the first error of an answer and forgets which partitions were written all the same; to send those
 * again doubles their records. This parser throws the very same error, and remembers the whole answer beside it.
 */
export function rememberAnswers(parse: Parse, errorOf: (code: number) => Error): Parse {
  return async (answer) => {
    try {
      return await parse(answer);
    } catch (thrown) {
      if (typeof thrown === 'object' && thrown !== null) partial.set(thrown, readAnswers(answer, errorOf));
      throw thrown;
    }
  };
}

/** undefined: the error is not one of an answer, or kafkajs was not patched. */
export function answersBeside(thrown: unknown): Answers | undefined {
  return typeof thrown === 'object' && thrown !== null ? partial.get(thrown) : undefined;
}

/** The decode border: the shape is that of kafkajs's produce decoder. */
export function readAnswers(answer: unknown, errorOf: (code: number) => Error): Answers {
  const { topics } = answer as ProduceAnswer;
  const answers = new Map<string, PartitionAnswer>();
  for (const { topicName, partitions } of topics) {
    for (const { partition, errorCode, baseOffset } of partitions) {
      const one: PartitionAnswer =
        errorCode === 0
          ? { kind: 'written', baseOffset: Number(baseOffset) }
          : { kind: 'refused', error: errorOf(errorCode) };
      answers.set(answerKey(topicName, partition), one);
    }
  }
  return answers;
}
