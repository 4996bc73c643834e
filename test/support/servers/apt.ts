/** A flat package archive: packages that dpkg-deb built, and their index. */
import { createHash } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../tools.ts";

/** Fills `FOLDER/archive`; a file server does the rest. */
export async function makeArchive(folder: string, names: readonly string[]): Promise<string> {
  const archive = join(folder, "archive");
  await mkdir(archive);
  let index = "";
  for (const name of names) {
    const control = `Package: ${name}\nVersion: 1.0\nArchitecture: all\nMaintainer: test <test@localhost>\nDescription: nothing\n`;
    const root = join(folder, name);
    await mkdir(join(root, "DEBIAN"), { recursive: true });
    await chmod(join(root, "DEBIAN"), 0o755);
    await Bun.write(join(root, "DEBIAN/control"), control);
    await Bun.write(join(root, "usr/share", name), name.repeat(100_000));
    const file = `${name}_1.0_all.deb`;
    await runOk(["dpkg-deb", "--build", "--root-owner-group", root, join(archive, file)]);
    const bytes = await Bun.file(join(archive, file)).bytes();
    const sum = createHash("sha256").update(bytes).digest("hex");
    index += `${control}Filename: ./${file}\nSize: ${bytes.length}\nSHA256: ${sum}\n\n`;
  }
  await Bun.write(join(archive, "Packages"), index);
  return archive;
}

/** As archives have it: a Release that says what the index has to be, and the index by that hash too. It is not signed. */
export async function addRelease(archive: string): Promise<void> {
  const index = await Bun.file(join(archive, "Packages")).bytes();
  const sum = createHash("sha256").update(index).digest("hex");
  await Bun.write(join(archive, "by-hash/SHA256", sum), index);
  const lines = [
    "Origin: test",
    `Date: ${new Date().toUTCString()}`,
    "Acquire-By-Hash: yes",
    "SHA256:",
    ` ${sum} ${index.length} Packages`,
  ];
  await Bun.write(join(archive, "Release"), `${lines.join("\n")}\n`);
}

/** What apt reads and writes, all of it below `folder`; for the variable APT_CONFIG. */
export async function makeAptConfig(folder: string, archiveUrl: string, proxyUrl: string): Promise<string> {
  const path = join(folder, "apt.conf");
  for (const part of ["state/lists/partial", "cache/archives/partial"]) {
    await mkdir(join(folder, part), { recursive: true });
  }
  await Bun.write(join(folder, "status"), "");
  await Bun.write(join(folder, "sources.list"), `deb [trusted=yes] ${archiveUrl} ./\n`);
  const settings = {
    "Dir::Etc::Parts": "/dev/null",
    "Dir::Etc::Main": "/dev/null",
    "Dir::Etc::SourceList": join(folder, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "Dir::State": join(folder, "state"),
    "Dir::State::Status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    // Else root hands the download to a user who may not enter the folder.
    "APT::Sandbox::User": "",
    "Acquire::http::Proxy": proxyUrl,
    "Acquire::Languages": "none",
    "Acquire::Retries": "0",
  };
  await Bun.write(
    path,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(""),
  );
  return path;
}
