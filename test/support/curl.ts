/** curl through a proxy, and all that it can tell of the answer, whatever its exit code. */
import { run } from "./tools.ts";

export interface CurlAnswer {
  /** 0; 52 an empty reply; 56 a reset, or a CONNECT that was refused; `man curl` has the rest. */
  readonly exit: number;
  /** Of the last answer; 0 when there was none. */
  readonly status: number;
  /** Of the proxy's answer to the last CONNECT; 0 without one. */
  readonly connectStatus: number;
  /** Status lines and fields, of a CONNECT and of redirects too, each with the empty line behind it. */
  readonly heads: string;
  readonly body: string;
  /** What curl itself has to say. */
  readonly complaint: string;
}

/** `proxyUrl` as in `curl -x`; what the machine's user has configured is left aside. */
export async function curl(proxyUrl: string, ...args: string[]): Promise<CurlAnswer> {
  const form = "%{stderr}\n%{http_code} %{http_connect}";
  const command = [
    "curl",
    "-q",
    "-sS",
    "-i",
    "--max-time",
    "10",
    "-x",
    proxyUrl,
    "--noproxy",
    "",
    "-w",
    form,
  ];
  const { code, stdout, stderr } = await run([...command, ...args]);
  const [, complaint = "", status, connectStatus] = /^(.*)\n(\d+) (\d+)$/s.exec(stderr) ?? [];
  const [heads = ""] = /^(?:HTTP\/.*?\r\n\r\n)*/s.exec(stdout) ?? [];
  return {
    exit: code,
    status: Number(status),
    connectStatus: Number(connectStatus),
    heads,
    body: stdout.slice(heads.length),
    complaint: complaint.trim(),
  };
}
