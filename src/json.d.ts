/** Every current engine has it, missing from the published types: a number that no JavaScript number holds, as text. */
interface JSON {
  rawJSON(text: string): object
}
