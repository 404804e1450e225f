/** Observations while they are being filled: their properties can be set, their lists added to. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }
