/**
 * What an upstream has that a cache may keep, one kind for each folder, numbered:
 *
 *   /kept/N     small, fresh for a minute
 *   /brief/N    stale at once, and validated by its ETag
 *   /vast/N     more than memory takes
 *   /broken/N   breaks off in the middle, unless the rest of it is asked for
 *
 * A body tells its path over and over, so that a piece of another one shows.
 */
const VAST_BYTES = 1_500_000;

export interface Told {
  readonly head: string;
  readonly body: string;
  /** It hangs up behind that, in the middle of its answer. */
  readonly breaksOff: boolean;
}

/** Undefined: there is no such path. */
export function bodyOf(path: string): string | undefined {
  const [, folder, number] = /^\/(kept|brief|vast|broken)\/(\d+)$/.exec(path) ?? [];
  if (folder === undefined || number === undefined) return undefined;
  const bytes = folder === "vast" ? VAST_BYTES : 200 + ((Number(number) * 977) % 20_000);
  return `${path} `.repeat(Math.ceil(bytes / (path.length + 1))).slice(0, bytes);
}

/** `head` is that of the request, without its end. */
export function tellCacheable(path: string, head: string): Told | undefined {
  const body = bodyOf(path);
  if (body === undefined) return undefined;
  const etag = `"${path}"`;
  const lines = [
    `ETag: ${etag}`,
    `Cache-Control: ${path.startsWith("/brief") ? "max-age=0" : "max-age=60"}`,
    `Cache-Tag: ${path.split("/")[1]}`,
  ];
  if (fieldOf(head, "if-none-match")?.includes(etag) === true)
    return { head: said("304 Not Modified", lines), body: "", breaksOff: false };
  const from = Number(/^bytes=(\d+)-$/.exec(fieldOf(head, "range") ?? "")?.[1] ?? -1);
  if (path.startsWith("/broken") && from >= 0) {
    const place = `Content-Range: bytes ${from}-${body.length - 1}/${body.length}`;
    const length = `Content-Length: ${body.length - from}`;
    return {
      head: said("206 Partial Content", [...lines, place, length]),
      body: body.slice(from),
      breaksOff: false,
    };
  }
  const whole = said("200 OK", [...lines, `Content-Length: ${body.length}`]);
  const breaksOff = path.startsWith("/broken");
  return { head: whole, body: breaksOff ? body.slice(0, body.length / 2) : body, breaksOff };
}

function said(status: string, lines: readonly string[]): string {
  return `${[`HTTP/1.1 ${status}`, ...lines].join("\r\n")}\r\n\r\n`;
}

function fieldOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1]?.trim();
}
