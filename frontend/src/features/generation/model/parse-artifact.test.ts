import { describe, expect, it } from "vitest";
import { advance, emptyParse, filesOf, parseArtifact, proseAfter, proseBefore, segmentsOf } from "./parse-artifact";

const whole = `A list with due dates.

\`\`\`tsx path=src/App.tsx
export default function App() {
  return <p>Hi</p>;
}
\`\`\`

\`\`\`\`markdown path=README.md
# Read me

\`\`\`sh
npm start
\`\`\`
\`\`\`\`

Run it with:

\`\`\`sh
npm run dev
\`\`\`
Done.`;

const read = (text: string, ended = true) => segmentsOf(advance(emptyParse, text), ended);

describe("a finished text", () => {
  it("gives its files with their paths, languages and text", () => {
    expect(filesOf(read(whole))).toEqual([
      {
        type: "file",
        path: "src/App.tsx",
        language: "tsx",
        content: "export default function App() {\n  return <p>Hi</p>;\n}\n",
        lines: 3,
        closed: true,
      },
      expect.objectContaining({ path: "README.md", content: "# Read me\n\n```sh\nnpm start\n```\n", closed: true }),
    ]);
  });

  it("keeps blocks without a path in the prose", () => {
    const segments = read(whole);
    expect(proseBefore(segments)).toBe("A list with due dates.");
    expect(proseAfter(segments)).toBe("Run it with:\n\n```sh\nnpm run dev\n```\nDone.");
  });

  it("leaves a file open when the text was cut off inside it", () => {
    const files = filesOf(read("```py path=a.py\nprint(1)\nprin"));
    expect(files).toEqual([expect.objectContaining({ content: "print(1)\nprin", lines: 2, closed: false })]);
  });

  it("closes a file whose last fence has no line break after it", () => {
    expect(filesOf(read("```py path=a.py\nx\n```"))[0]).toMatchObject({ content: "x\n", closed: true });
  });

  it("takes the later text of a path that is written twice", () => {
    const files = filesOf(read("```a path=x\n1\n```\n```a path=x\n2\n```\n"));
    expect(files.map((file) => file.content)).toEqual(["2\n"]);
  });

  it("reads quoted paths, tildes, spaces before a fence and CRLF", () => {
    const files = filesOf(read('~~~js path="my app/a.js"\r\nx\r\n~~~\r\n  ```js path=b.js\ny\n  ```\n'));
    expect(files.map((file) => [file.path, file.content, file.closed])).toEqual([
      ["my app/a.js", "x\r\n", true],
      ["b.js", "y\n", true],
    ]);
  });
});

describe("a text that is still being written", () => {
  it("ends the same however it is cut into pieces", () => {
    for (const size of [1, 2, 3, 7, 64]) {
      let state = emptyParse;
      for (let at = 0; at < whole.length; at += size) state = advance(state, whole.slice(at, at + size));
      expect(segmentsOf(state, true)).toEqual(read(whole));
    }
  });

  it("never shows half a fence", () => {
    let state = emptyParse;
    for (const char of whole) {
      state = advance(state, char);
      const segments = segmentsOf(state, false);
      expect(proseBefore(segments)).not.toMatch(/`/);
      const app = filesOf(segments).find((file) => file.path === "src/App.tsx");
      expect(app?.content ?? "").not.toMatch(/`/);
    }
  });

  it("shows the line being written", () => {
    expect(filesOf(read("```ts path=a.ts\nconst a", false))[0]).toMatchObject({ content: "const a", closed: false });
  });

  it("shows a line that begins with a code span once it is known to be one", () => {
    expect(proseBefore(read("`x", false))).toBe("`x");
    expect(proseBefore(read("```x``` is", false))).toBe("```x``` is");
  });
});

describe("going on", () => {
  it("reads anew when the text is another one", () => {
    const state = parseArtifact(parseArtifact(emptyParse, "one"), "two");
    expect(proseBefore(segmentsOf(state, true))).toBe("two");
  });

  it("is the same state when nothing came", () => {
    const state = parseArtifact(emptyParse, "one");
    expect(parseArtifact(state, "one")).toBe(state);
  });
});
