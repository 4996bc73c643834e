/**
 * Opens a file and holds it against what it should be: head, length and sums. What
 * is small is read and verified whole, in one call.
 */
import { BlockReader } from "./block-reader.ts";
import { BLOCK_BYTES, BlockSums, sumOf, tableBytes } from "./block-sums.ts";
import type { OpenBody } from "./disk-entry.ts";
import { codeOf, type FileCalls } from "./file-calls.ts";
import { decodeHead, headsBytes, type ObjectHead } from "./object-head.ts";
import { OpenFile } from "./open-file.ts";
import type { VerifiedFiles } from "./verified-files.ts";

/** Bodies up to here are read whole. */
export const SMALL_BYTES = 64 * 1024;

/** Heads and sums of most files, and not much for a file that is then not wanted. */
const FIRST_BYTES = 16 * 1024;

export type Opening =
  | { readonly result: "opened"; readonly head: ObjectHead; readonly body: OpenBody }
  | { readonly result: "missing" }
  | { readonly result: "broken"; readonly why: string }
  /** The file system's fault, and perhaps for now only. */
  | { readonly result: "failed"; readonly doing: "open" | "read"; readonly code: string };

/** `verified`: of this worker. */
export async function openObject(
  calls: FileCalls,
  path: string,
  isSmall: boolean,
  verified?: VerifiedFiles,
): Promise<Opening> {
  return isSmall ? openSmall(calls, path) : openLarge(calls, path, verified);
}

async function openSmall(calls: FileCalls, path: string): Promise<Opening> {
  let bytes: Buffer;
  try {
    bytes = await calls.readWhole(path);
  } catch (error) {
    return failure("read", error);
  }
  const head = decodeHead(bytes);
  if (head === undefined) return broken("its head is not what was written");
  if (bytes.length !== fileBytes(head)) return broken("its length is not what was written");
  const { bodyAt, sumsAt, sumsSum, facts } = head;
  const sums = bytes.subarray(sumsAt, sumsAt + tableBytes(facts.bodyBytes));
  const body = bytes.subarray(bodyAt, bodyAt + facts.bodyBytes);
  if (sumOf(sums) !== sumsSum || !isWhole(body, BlockSums.of(sums))) {
    return broken("its body is not what was written");
  }
  return { result: "opened", head, body: { bytes: body } };
}

async function openLarge(calls: FileCalls, path: string, verified?: VerifiedFiles): Promise<Opening> {
  let file: OpenFile;
  try {
    file = new OpenFile(calls, await calls.open(path, "read"));
  } catch (error) {
    return failure("open", error);
  }
  const opening = await begin(file, verified).catch((error): Opening => failure("read", error));
  if (opening.result !== "opened") file.close();
  return opening;
}

async function begin(file: OpenFile, verified?: VerifiedFiles): Promise<Opening> {
  let bytes = await readSome(file, 0, FIRST_BYTES);
  if (headsBytes(bytes) > bytes.length) bytes = await readSome(file, 0, headsBytes(bytes));
  const head = decodeHead(bytes);
  if (head === undefined) return broken("its head is not what was written");
  const { state } = file;
  if (state.size !== fileBytes(head)) return broken("its length is not what was written");
  const { bodyAt, sumsAt, sumsSum, facts } = head;
  const length = tableBytes(facts.bodyBytes);
  const isRead = sumsAt + length <= bytes.length;
  // Copied: a piece would keep all that was read.
  const sums = isRead
    ? Buffer.from(bytes.subarray(sumsAt, sumsAt + length))
    : await readSome(file, sumsAt, length);
  if (sums.length < length || sumOf(sums) !== sumsSum)
    return broken("its checksums are not what was written");
  const blocks = verified?.of(head.id, state, facts.bodyBytes, Date.now());
  const reader = new BlockReader(file, bodyAt, BlockSums.of(sums), blocks);
  return { result: "opened", head, body: { file, reader } };
}

/** The head was verified: what it says of the file was true once. */
function fileBytes({ bodyAt, sumsAt, facts }: ObjectHead): number {
  return Math.max(bodyAt + facts.bodyBytes, sumsAt + tableBytes(facts.bodyBytes));
}

function isWhole(body: Buffer, sums: BlockSums): boolean {
  for (let at = 0; at < body.length; at += BLOCK_BYTES) {
    if (!sums.holdsFor(at / BLOCK_BYTES, body.subarray(at, at + BLOCK_BYTES))) return false;
  }
  return true;
}

async function readSome(file: OpenFile, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, await file.read(bytes, at));
}

function failure(doing: "open" | "read", error: unknown): Opening {
  const code = codeOf(error);
  if (code === "ENOENT") return { result: "missing" };
  // A bad sector does not get well.
  return code === "EIO" && doing === "read"
    ? broken("it can't be read (EIO)")
    : { result: "failed", doing, code };
}

function broken(why: string): Opening {
  return { result: "broken", why };
}
