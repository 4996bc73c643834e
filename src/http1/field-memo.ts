/**
 * The fields that a peer sent last on a connection, as text and as read. Most
 * clients send the same ones with every request and change the target alone,
 * and text that is the same to the byte has the same meaning: it need not be
 * judged and read again. One head's worth of memory for each connection.
 */
import { type Fields, readFields } from "./fields.ts";

/** Ten thousand idle connections may each keep as much. */
const REMEMBERED_BYTES_MAX = 4_096;

export class FieldMemo {
  /** From the end of the first line to the end of the head. */
  private text = "";
  private fields: Fields | undefined = undefined;

  /** The fields of `head` after its first line, when they are what came last and no more than `countMax`. */
  recall(head: string, firstLineEnd: number, countMax: number): Fields | undefined {
    const { text, fields } = this;
    if (fields === undefined || head.length - firstLineEnd !== text.length) return undefined;
    if (!head.endsWith(text) || fields.count > countMax) return undefined;
    fields.recurs = true;
    return fields;
  }

  /** Reads them, and keeps them for the next time. */
  read(head: string, firstLineEnd: number, countMax: number, isRequest: boolean): Fields {
    const fields = readFields(head, firstLineEnd + 2, head.length - 2, countMax, isRequest);
    const text = head.slice(firstLineEnd);
    const isSmall = head.length <= REMEMBERED_BYTES_MAX;
    this.text = isSmall ? text : "";
    this.fields = isSmall ? fields : undefined;
    return fields;
  }
}
