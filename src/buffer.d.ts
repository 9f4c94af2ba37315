/**
 * Methods that every Buffer of Bun and Node has, missing from the published types. They skip the look at an encoding's
 * name, which costs more than copying a request head.
 */
interface Buffer {
  latin1Slice(start?: number, end?: number): string
  latin1Write(text: string, offset?: number, length?: number): number
}
