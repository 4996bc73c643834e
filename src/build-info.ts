/** What this build is. scripts/build.ts stamps both names in; run from the source, neither exists. */
import manifest from "../package.json";

declare const HEADGATE_VERSION: string | undefined;
declare const HEADGATE_COMMIT: string | undefined;

export const version: string = typeof HEADGATE_VERSION === "string" ? HEADGATE_VERSION : manifest.version;
export const commit: string = typeof HEADGATE_COMMIT === "string" ? HEADGATE_COMMIT : "dev";
