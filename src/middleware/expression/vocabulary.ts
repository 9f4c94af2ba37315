/** Go's types of numbers, which never meet in one comparison: `50` is an integer, `50.0` a float. */
export type NumberType = 'integer' | 'float'

interface Signature {
  readonly takes: readonly NumberType[]
}

/** A function of the language. `bind` is called once, when the expression is read, with as many numbers as it takes. */
export type ExpressionFunction<Subject> = Signature &
  (
    | { readonly gives: 'boolean'; bind(numbers: readonly number[]): (subject: Subject) => boolean }
    | { readonly gives: NumberType; bind(numbers: readonly number[]): (subject: Subject) => number }
    | { readonly gives: 'text'; bind(numbers: readonly number[]): (subject: Subject) => string }
  )

/** What an expression of some middleware can ask about its subject, by name. */
export type Vocabulary<Subject> = Readonly<Record<string, ExpressionFunction<Subject>>>

/** An expression ready to be asked. */
export interface Expression<Subject> {
  readonly text: string
  /** Names of the functions in it. */
  readonly functions: ReadonlySet<string>
  holds(subject: Subject): boolean
}
