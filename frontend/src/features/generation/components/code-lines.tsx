// Numbered lines of code, coloured as soon as the language is there; plain until then. Can hold its end in view while written.
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { type Line, LineInk, languageFor, loadLanguage } from "../model/highlight";

interface CodeLinesProps {
  text: string;
  language: string;
  path?: string;
  label: string;
  /** The last line is being written: it carries the nib. */
  writing: boolean;
  following?: boolean;
  /** A line to look at, by its number. */
  mark?: number | undefined;
}

/** How long one step of colouring may take, and how many lines it looks at between two looks at the clock. */
const STEP_MS = 10;
const STEP_LINES = 25;
const TOO_LONG = 300_000;
const CHUNK = 50;
/** A long text is put on the page over several frames, this many chunks in each. */
const CHUNKS_PER_FRAME = 8;

export function CodeLines({ text, language, path = "", label, writing, following = false, mark }: CodeLinesProps) {
  const box = useRef<HTMLElement>(null);
  const chunks = useMemo(() => chunksOf(text), [text]);
  const shown = useGradual(chunks.length);
  const isDrawn = mark !== undefined && shown > Math.floor((mark - 1) / CHUNK);
  useEffect(() => {
    const line = isDrawn ? box.current?.querySelector(`[data-line="${mark}"]`) : null;
    if (!line) return;
    line.classList.add("hit");
    line.scrollIntoView({ block: "center" });
    return () => line.classList.remove("hit");
  }, [isDrawn, mark]);
  const inked = useInk(text, text.length > TOO_LONG ? null : languageFor(language, path));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it has to be reachable by keyboard
    <section className={following ? "code is-following" : "code"} tabIndex={0} aria-label={label} ref={box}>
      <div>
        {chunks.slice(0, shown).map((chunk, index) => (
          <Chunk
            // biome-ignore lint/suspicious/noArrayIndexKey: a chunk's place is its identity
            key={index}
            text={chunk}
            start={index * CHUNK}
            inked={inked}
            writing={writing && index === chunks.length - 1}
          />
        ))}
      </div>
    </section>
  );
}

interface ChunkProps {
  text: string;
  start: number;
  inked: readonly Line[];
  writing: boolean;
}

/** A run of lines. Only the one that grows is drawn again; those out of sight cost no layout. */
const Chunk = memo(
  function Chunk({ text, start, inked, writing }: ChunkProps) {
    const lines = text.split("\n");
    return (
      <ol start={start + 1}>
        {lines.map((line, index) => (
          <CodeLine
            // biome-ignore lint/suspicious/noArrayIndexKey: a line's number is its identity
            key={index}
            number={start + index + 1}
            text={line}
            tokens={inked[start + index]}
            now={writing && index === lines.length - 1}
          />
        ))}
      </ol>
    );
  },
  (before, after) =>
    before.text === after.text &&
    before.writing === after.writing &&
    before.start === after.start &&
    sameInk(before.inked, after.inked, after.start),
);

function sameInk(before: readonly Line[], after: readonly Line[], start: number): boolean {
  if (before === after) return true;
  for (let line = start; line < start + CHUNK; line += 1) {
    if (before[line] !== after[line]) return false;
  }
  return true;
}

interface CodeLineProps {
  number: number;
  text: string;
  tokens: Line | undefined;
  now: boolean;
}

const CodeLine = memo(function CodeLine({ number, text, tokens, now }: CodeLineProps) {
  // Colours that belong to an older text of this line are not shown.
  const valid = tokens && tokens.reduce((size, token) => size + token.text.length, 0) === text.length;
  return (
    <li className={now ? "now" : undefined} data-line={number}>
      {valid
        ? tokens.map((token, index) =>
            token.ink ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no other identity
              <span key={index} className={token.ink}>
                {token.text}
              </span>
            ) : (
              token.text
            ),
          )
        : text}
      {now && <span className="nib" />}
    </li>
  );
});

/** How many of `total` to draw now: it grows frame by frame, so that no frame has to draw all of a long text. */
function useGradual(total: number): number {
  const [drawn, setDrawn] = useState(0);
  const shown = Math.min(total, drawn + CHUNKS_PER_FRAME);
  useEffect(() => {
    if (shown === drawn) return;
    const frame = requestAnimationFrame(() => setDrawn(shown));
    return () => cancelAnimationFrame(frame);
  }, [shown, drawn]);
  return shown;
}

function useInk(text: string, language: string | null): readonly Line[] {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const ink = useRef<LineInk | null>(null);
  const [ready, setReady] = useState(0);
  useEffect(() => {
    ink.current = null;
    setLines([]);
    if (!language) return;
    let wanted = true;
    void loadLanguage(language).then((highlighter) => {
      if (!wanted || !highlighter) return;
      ink.current = new LineInk(highlighter, language);
      setReady((n) => n + 1);
    });
    return () => {
      wanted = false;
    };
  }, [language]);
  useEffect(() => {
    if (!ink.current || ready === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const step = () => {
      const until = performance.now() + STEP_MS;
      let result = ink.current?.update(text, STEP_LINES);
      while (result?.more && performance.now() < until) result = ink.current?.update(text, STEP_LINES);
      if (!result) return;
      setLines(result.lines);
      if (result.more) timer = setTimeout(step, 16);
    };
    step();
    return () => clearTimeout(timer);
  }, [text, ready]);
  return language ? lines : [];
}

function chunksOf(text: string): string[] {
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  const chunks: string[] = [];
  for (let start = 0; start < lines.length; start += CHUNK) chunks.push(lines.slice(start, start + CHUNK).join("\n"));
  return chunks;
}
