/**
 * A certificate authority and one certificate for `localhost` and 127.0.0.1,
 * made with openssl when a test asks, so that no key ever lies in the repository.
 */
import { createHash, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { runOk } from "../tools.ts";

export interface TestCertificate {
  /** For the client that should trust it. */
  readonly caFile: string;
  /** For the server, as PEM text. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** Hash of the public key, as Chromium wants it. */
  readonly spki: string;
}

const EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const LEAF = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n";

export async function makeCertificate(folder: string): Promise<TestCertificate> {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => runOk(["openssl", ...args], { cwd: folder });

  const authority = ["-subj", "/CN=Headgate test CA", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"];
  await openssl("req", "-x509", ...EC_KEY, ...authority);
  await openssl("req", ...EC_KEY, "-subj", "/CN=localhost", "-keyout", "leaf.key", "-out", "leaf.csr");
  await Bun.write(file("leaf.ext"), LEAF);
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
  await openssl("x509", "-req", "-in", "leaf.csr", ...signing, "-extfile", "leaf.ext", "-out", "leaf.pem");

  const cert = await Bun.file(file("leaf.pem")).text();
  const key = await Bun.file(file("leaf.key")).text();
  const publicKey = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  const spki = createHash("sha256").update(publicKey).digest("base64");
  return { caFile: file("ca.pem"), tls: { cert, key }, spki };
}
