type Defined<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** A copy without the fields that hold undefined: for types whose optional fields may be absent, but not undefined. */
export function definedFields<T extends object>(fields: T): Defined<T> {
  const defined: object = {};
  for (const name of Object.keys(fields)) {
    const value = Reflect.get(fields, name);
    if (value !== undefined) Reflect.set(defined, name, value);
  }
  return defined as Defined<T>;
}
