/** Fast encoders that Buffer has in Bun and Node alike and that the types leave out. */
interface Buffer {
  latin1Slice(from: number, to: number): string;
  latin1Write(text: string, at: number): number;
}
