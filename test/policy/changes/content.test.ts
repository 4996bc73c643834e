import { describe, expect, test } from "bun:test";
import {
  BodyGauge,
  type ContentRefusal,
  judgeAnswer,
  judgeRequest,
} from "../../../src/policy/changes/content.ts";
import type { ContentSpec } from "../../../src/policy/spec.ts";

const NOTHING: ContentSpec = {
  mediaTypes: [],
  extensions: [],
  requestBytes: undefined,
  answerBytes: undefined,
};
const SPEC: ContentSpec = {
  mediaTypes: ["video/*", "application/zip"],
  extensions: ["exe", "tar.gz", "été"],
  requestBytes: 10,
  answerBytes: 20,
};

// The path | the extension that is refused.
const paths = [
  ["/a.exe", "exe"],
  ["/a.EXE?b", "exe"],
  ["/a.e%78e", "exe"],
  ["/a%2Eexe", "exe"],
  ["/a.exe;v=1.txt", "exe"],
  ["/a.txt;v=b.exe", "exe"],
  ["/a.exe%00.txt", "exe"],
  ["/a.exe::$DATA", "exe"],
  ["/a.exe.", "exe"],
  ["/a.exe%20.%20", "exe"],
  ["/a.exe/", "exe"],
  ["/a.exe/.", "exe"],
  ["/b%5Ca.exe", "exe"],
  ["/.exe", "exe"],
  ["/a.tar.gz", "tar.gz"],
  ["/a.b.TAR.GZ", "tar.gz"],
  ["/a.%C3%A9t%c3%a9", "été"],
  ["/a.exe.txt", undefined],
  ["/a.exec", undefined],
  ["/aexe", undefined],
  ["/exe", undefined],
  ["/a.gz", undefined],
  ["/a.exe/b", undefined],
  ["/a?b.exe", undefined],
  ["/a.e%2578e", undefined],
  ["/", undefined],
  ["*", undefined],
  ["/...", undefined],
] as const;

test.each(paths)("of a request for %s is refused: the extension %p", (path, extension) => {
  const refusal = judgeRequest(SPEC, { path, contentLength: -1 });

  expect(refusal).toEqual(
    extension === undefined
      ? undefined
      : { because: "content_extension", status: 403, detail: `extension .${extension}` },
  );
});

// The declared length | whether a request, an answer is refused with it.
const lengths = [
  [-1, false, false],
  [0, false, false],
  [10, false, false],
  [11, true, false],
  [20, true, false],
  [21, true, true],
] as const;

test.each(lengths)(
  "a body of %d bytes is refused: of a request %p, of an answer %p",
  (contentLength, request, answer) => {
    const ofRequest = judgeRequest(SPEC, { path: "/", contentLength });
    const ofAnswer = judgeAnswer(SPEC, { fieldLines: "", contentLength });

    expect(ofRequest).toEqual(request ? tooLarge(10) : undefined);
    expect(ofAnswer).toEqual(answer ? tooLarge(20) : undefined);
  },
);

// The lines of an answer | what is refused, and why.
const answers: readonly (readonly [string, ContentRefusal["because"] | undefined, string])[] = [
  ["Content-Type: video/mp4", "content_type", "media type video/*"],
  ["content-type:\tVIDEO/mp4;codecs=x", "content_type", "media type video/*"],
  ["Content-Type: application/ZIP ; a=b", "content_type", "media type application/zip"],
  ["Content-Type: text/html\r\nX: y\r\nContent-Type: video/mp4", "content_type", "media type video/*"],
  ["Content-Type: text/html, video/mp4", "content_type", "media type video/*"],
  ['Content-Type: text/html; a="b, video/mp4"', undefined, ""],
  ["Content-Type: application/zipper", undefined, ""],
  ["Content-Type: text/video/mp4", undefined, ""],
  ["X-Content-Type: video/mp4", undefined, ""],
  ["Content-Type: video", undefined, ""],
  ["Content-Type:", undefined, ""],
  ["Content-Encoding: gzip\r\nContent-Type: video/mp4", "content_type", "media type video/*"],
  ['Content-Disposition: attachment; filename="a.exe"', "content_extension", "extension .exe"],
  ["Content-Disposition: attachment; FileName = a.exe ", "content_extension", "extension .exe"],
  ["Content-Disposition: attachment; filename*=UTF-8''a%2Eexe", "content_extension", "extension .exe"],
  [
    "Content-Disposition: attachment; filename=\"a.txt\"; filename*=UTF-8''a.exe",
    "content_extension",
    "extension .exe",
  ],
  ['Content-Disposition: attachment; filename="a;\\"b.exe"', "content_extension", "extension .exe"],
  ['Content-Disposition: attachment; filename="a?.exe"', "content_extension", "extension .exe"],
  ['Content-Disposition: attachment; filename="a.exe', "content_extension", "extension .exe"],
  [
    "Content-Disposition: inline\r\nContent-Disposition: inline; filename=a.exe",
    "content_extension",
    "extension .exe",
  ],
  ['Content-Disposition: attachment; filename="a.txt"', undefined, ""],
  ["Content-Disposition: attachment", undefined, ""],
  ["Content-Range: bytes 0-9/21", "content_size", "more than 20 bytes"],
  ["Content-Range: bytes 0-9/20", undefined, ""],
  ["Content-Range: bytes 0-9/*", undefined, ""],
];

test.each(answers)("an answer with %j is refused by %p: %s", (lines, because, detail) => {
  const refusal = judgeAnswer(SPEC, { fieldLines: `${lines}\r\n`, contentLength: 10 });

  if (because === undefined) expect(refusal).toBeUndefined();
  else expect(refusal).toEqual({ because, status: because === "content_size" ? 413 : 403, detail });
});

test("the extension is told before the type, and the type before the size", () => {
  const disposition = 'Content-Disposition: inline; filename="a.exe"\r\n';
  const type = "Content-Type: video/mp4\r\n";
  const because = (fieldLines: string) => judgeAnswer(SPEC, { fieldLines, contentLength: 99 })?.because;

  expect(because(type + disposition)).toBe("content_extension");
  expect(because(type)).toBe("content_type");
  expect(because("")).toBe("content_size");
  expect(judgeRequest(SPEC, { path: "/a.exe", contentLength: 99 })?.because).toBe("content_extension");
});

test("what asks for nothing refuses nothing", () => {
  expect(judgeRequest(NOTHING, { path: "/a.exe", contentLength: 99 })).toBeUndefined();
  expect(
    judgeAnswer(NOTHING, { fieldLines: "Content-Type: video/mp4\r\n", contentLength: 99 }),
  ).toBeUndefined();
});

describe("a gauge", () => {
  const piece = new Uint8Array(8);

  test("lets as many bytes pass as are allowed, and none after", () => {
    const gauge = new BodyGauge(10, "r");

    expect([gauge.sees(piece, 0, 8), gauge.sees(piece, 2, 4), gauge.sees(piece, 8, 8)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([gauge.sees(piece, 0, 1), gauge.sees(piece, 0, 0)]).toEqual([false, false]);
    expect(gauge.refusal).toEqual(tooLarge(10));
  });

  test("is the least of what several rules allow, and knows whose it is", () => {
    const specs = [
      { ...NOTHING, rule: "a" },
      { ...NOTHING, requestBytes: 5, answerBytes: 9, rule: "b" },
      { ...NOTHING, requestBytes: 7, answerBytes: 0, rule: "c" },
    ];

    expect(BodyGauge.of(specs, "requestBytes")).toMatchObject({ limitBytes: 5, rule: "b" });
    expect(BodyGauge.of(specs, "answerBytes")).toMatchObject({ limitBytes: 0, rule: "c" });
    expect(BodyGauge.of(specs.slice(0, 1), "answerBytes")).toBeUndefined();
  });
});

test("hostile fields and paths are judged about as fast as they come", () => {
  const long = 2 ** 20;
  const lines = [
    `Content-Disposition: ${'filename="\\"'.repeat(long / 12)}`,
    `Content-Disposition: ${"filename=".repeat(long / 9)}`,
    `Content-Disposition: filename="${"\\".repeat(long)}`,
    `Content-Disposition: filename="${"a. .".repeat(long / 4)}a"`,
    `Content-Disposition:${" \t".repeat(long / 2)}a`,
    `Content-Type: ${'"a'.repeat(long / 2)}`,
    `Content-Type: ${"a,".repeat(long / 2)}`,
    `Content-Range: ${"/1".repeat(long / 2)}`,
  ];
  const startedAt = performance.now();

  for (const line of lines) judgeAnswer(SPEC, { fieldLines: `${line}\r\n`, contentLength: -1 });
  for (const path of ["/a.".repeat(long / 3), "%2f.".repeat(long / 4), `/${". ".repeat(long / 2)}a`]) {
    judgeRequest(SPEC, { path, contentLength: -1 });
  }

  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

function tooLarge(bytes: number): ContentRefusal {
  return { because: "content_size", status: 413, detail: `more than ${bytes} bytes` };
}
