// @vitest-environment node
import { expect, it } from "vitest";
import type { SourceFile } from "../model/program";
import { compile } from "./compile";

const files = (record: Record<string, string>): SourceFile[] =>
  Object.entries(record).map(([path, text]) => ({ path, text }));
const made = async (record: Record<string, string>) => {
  const { program, problems } = await compile(files(record));
  if (!program) throw new Error(problems.map((problem) => problem.message).join());
  return program;
};
const problemsOf = async (record: Record<string, string>) => (await compile(files(record))).problems;
const names = (program: { modules: readonly (readonly [string, string])[] }) =>
  program.modules.map(([name]) => name).sort();
const targets = (program: Awaited<ReturnType<typeof made>>, name: string) =>
  Object.fromEntries(program.imports.find(([from]) => from === name)?.[1] ?? []);

it("finds the files that imports mean", async () => {
  const program = await made({
    "src/App.tsx": `
      import { Card } from "./components/Card";
      import { size } from "@/lib/size";
      import { kinds } from "./lib/index.js";
      import data from "./data.json";
      import logo from "./logo.svg?url";
      import styles from "./App.module.css";
      import "./index.css";
      export default () => <Card size={size(kinds)} data={data} logo={logo} className={styles.card} />;`,
    "src/components/Card.tsx": `import type { Size } from "../lib/size"; export const Card = (p: { size: Size }) => <b {...p} />`,
    "src/lib/size.ts": "export type Size = number; export const size = (x: unknown): Size => Number(x)",
    "src/lib/index.ts": "export const kinds = 3",
    "src/data.json": '{"a": 1}',
    "src/logo.svg": "<svg/>",
    "src/App.module.css": ".card { color: red }",
    "src/index.css": "@import 'tailwindcss';",
    "src/broken.tsx": "nobody imports <this",
  });
  expect(program.entry).toBe("src/App.tsx");
  expect(targets(program, "src/App.tsx")).toMatchObject({
    "./components/Card": "src/components/Card.tsx",
    "@/lib/size": "src/lib/size.ts",
    "./lib/index.js": "src/lib/index.ts",
    "./logo.svg?url": "src/logo.svg",
  });
  expect(names(program)).not.toContain("src/broken.tsx");
  expect(program.css).toContain(".card");
});

it("brings the packages and the icons that are used, and no others", async () => {
  const program = await made({
    "src/App.tsx": `
      import { useState } from "react";
      import { Plus, Check as Done, type LucideIcon } from "lucide-react";
      import { format } from "date-fns/format";
      import { Bar, BarChart } from "recharts";
      const icon: LucideIcon = Plus;
      export default () => <BarChart data={[useState(format(0, "y")), icon]}><Bar dataKey="x" /><Done /></BarChart>`,
  });
  expect([...program.packages].sort()).toEqual(["date-fns", "lucide-react", "react", "react/jsx-runtime", "recharts"]);
  expect([...(program.icons ?? [])].sort()).toEqual(["Check", "Plus"]);
  const all = await made({ "App.jsx": 'import * as Icons from "lucide-react"; export default () => <Icons.Plus />' });
  expect(all.icons).toBeNull();
});

it("says file and line of an unknown package and of a missing file", async () => {
  expect(
    await problemsOf({
      "src/App.tsx":
        'import { useState } from "react"\nimport axios from "axios"\nimport X from "./Nope"\nexport default () => <X a={axios} s={useState} />',
    }),
  ).toEqual([
    { kind: "import", message: 'The package "axios" is not available in previews.', file: "src/App.tsx", line: 2 },
    { kind: "import", message: 'There is no file "./Nope".', file: "src/App.tsx", line: 3 },
  ]);
  expect(await problemsOf({ "src/App.tsx": 'import "../../../etc/passwd"\nexport default () => null' })).toHaveLength(
    1,
  );
});

it("says file and line of broken JSX", async () => {
  const [problem, ...rest] = await problemsOf({
    "src/App.tsx": 'import { B } from "./B"\nexport default () => <B />',
    "src/B.tsx": "export function B() {\n  return <div>\n    <p>unclosed\n  </div>\n}\n",
  });
  expect(rest).toEqual([]);
  expect(problem).toMatchObject({ kind: "syntax", file: "src/B.tsx" });
  expect(problem?.line).toBeGreaterThanOrEqual(3);
  expect(problem?.message).not.toMatch(/\(\d+:\d+\)|src\//);
});

it("says what is wrong with a style sheet, and with JSON", async () => {
  const app = "export default () => <p className='p-2' />";
  expect(await problemsOf({ "src/App.tsx": app, "src/a.css": "p { @apply no-such-class; }" })).toMatchObject([
    { kind: "style" },
  ]);
  expect(
    await problemsOf({
      "src/App.tsx": `import d from "./d.json"; ${app.replace("'p-2'", "{d}")}`,
      "src/d.json": "{a}",
    }),
  ).toMatchObject([{ kind: "syntax", file: "src/d.json" }]);
});

it("makes the styles of the classes that are used", async () => {
  const { css } = await made({
    "src/App.tsx": `export default () => <p className="p-4 hover:bg-red-500 [&>li]:mt-2 w-[calc(100%-1rem)] dark:text-white text-brand" />`,
    "src/index.css":
      "@tailwind base;\n@tailwind utilities;\n.own { @apply underline; }\n@theme { --color-brand: #123456; }",
  });
  for (const part of ["padding: calc(var(--spacing) * 4)", "w-\\[calc", ".own", "--color-brand", "where(.dark"]) {
    expect(css).toContain(part);
  }
});

it("goes round imports that lead in a circle", async () => {
  const program = await made({
    "src/App.tsx": 'import { b } from "./b"; export const a = 1; export default () => <p>{b()}</p>',
    "src/b.ts": 'import { a } from "./App"; export const b = () => a',
  });
  expect(names(program)).toEqual(["src/App.tsx", "src/b.ts"]);
});

it("takes names that objects know for what they are: names", async () => {
  const program = await made({
    "src/App.tsx":
      'import a from "./__proto__"; import b from "./constructor"; import c from "./toString.json"; export default () => <p>{a}{b}{c}</p>',
    "src/__proto__.ts": "export default 1",
    "src/constructor.ts": "export default 2",
    "src/toString.json": "3",
  });
  expect(names(program)).toContain("src/__proto__.ts");
  expect(
    await problemsOf({
      "src/App.tsx": "import x from '__proto__'; import y from 'constructor'; export default [x, y]",
    }),
  ).toHaveLength(2);
  expect((await made({ "src/App.tsx": "export default () => <p/>" })).packages).not.toContain("toString");
});

it("compiles five hundred files, and a change of one in no time", async () => {
  const many: Record<string, string> = {};
  let app = "";
  for (let n = 0; n < 500; n += 1) {
    many[`src/parts/Part${n}.tsx`] =
      `import { useState } from "react";\nexport function Part${n}() { const [x] = useState<number>(${n}); return <p className="p-${n % 20} text-[${n}px]">{x}</p> }`;
    app += `import { Part${n} } from "./parts/Part${n}";\n`;
  }
  many["src/App.tsx"] =
    `${app}export default () => <>${Array.from({ length: 500 }, (_, n) => `<Part${n} />`).join("")}</>`;
  expect((await made(many)).modules).toHaveLength(501);
  many["src/parts/Part7.tsx"] += "\n";
  const again = await compile(files(many));
  expect(again.problems).toEqual([]);
  expect(again.ms).toBeLessThan(2_000);
  const tooMany = Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`f${n}.ts`, ""]));
  expect((await compile(files(tooMany))).program).toBeNull();
});

it("reads import.meta as what a bundler makes of it, and leaves text alone", async () => {
  const [, code] = (
    await made({
      "src/App.tsx": 'const text = "import.meta"; export default () => <p title={text}>{import.meta.env.MODE}</p>',
    })
  ).modules[0] ?? ["", ""];
  expect(code).toContain('"import.meta"');
  expect(code).not.toContain("{import.meta");
  expect(code).toContain('MODE:"production"');
});

it("gives the parts of the kit to apps that have none of their own", async () => {
  const app = 'import { Button } from "@/components/ui/button"; export default () => <Button>Go</Button>';
  const program = await made({ "src/App.tsx": app });
  expect(names(program)).toEqual(["(kit)/button.tsx", "(kit)/utils.ts", "src/App.tsx"]);
  expect(program.packages).toContain("clsx");
  expect(program.css).toContain("rounded-md");
  const own = await made({ "src/App.tsx": app, "src/components/ui/button.tsx": "export const Button = () => <b />" });
  expect(names(own)).toEqual(["src/App.tsx", "src/components/ui/button.tsx"]);
  expect(await problemsOf({ "src/App.tsx": app.replace("/button", "/__proto__") })).toHaveLength(1);
});

it("shows pages of HTML, with the artifact's own scripts and styles", async () => {
  const page = `<!doctype html><link rel="stylesheet" href="style.css"><script src="https://cdn.tailwindcss.com"></script><script src="./app.js"></script><p class="p-4">x</p>`;
  const program = await made({ "index.html": page, "style.css": "p { color: red }", "app.js": "let n = 0" });
  expect(program).toMatchObject({
    entry: null,
    html: page,
    pageScripts: [["./app.js", "let n = 0"]],
    pageStyles: ["style.css"],
    answered: ["https://cdn.tailwindcss.com"],
  });
  expect(program.css).toContain("color: red");
  expect(program.css).toContain(".p-4");
  const plain = await made({ "index.html": "<p class='p-4'>x</p>" });
  expect(plain.css, "a page that does not ask for Tailwind keeps its margins").toBe("");
});

it("begins at the module that a page names, and at a component before an empty page", async () => {
  const root = '<div id="root"></div>';
  const both = await made({
    "index.html": `${root}<script type="module" src="/src/main.tsx"></script>`,
    "src/main.tsx": 'import { createRoot } from "react-dom/client"; createRoot(document.body).render(<p />)',
  });
  expect(both).toMatchObject({ entry: "src/main.tsx", answered: ["/src/main.tsx"] });
  expect(await made({ "index.html": root, "src/App.tsx": "export default () => <p />" })).toMatchObject({
    entry: "src/App.tsx",
    html: null,
  });
  expect(await problemsOf({ "notes.md": "x" })).toMatchObject([{ kind: "entry" }]);
});
