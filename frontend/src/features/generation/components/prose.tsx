// The model's words as Markdown, also when half written. No raw HTML, no outside image, links leave in a new tab.
import { lazy, memo, Suspense } from "react";

const Markdown = lazy(() => import("./markdown"));

interface ProseProps {
  text: string;
  /** Ends with the nib. */
  writing?: boolean;
}

export const Prose = memo(function Prose({ text, writing = false }: ProseProps) {
  return (
    <div className="prose">
      <Suspense fallback={<p className="plain">{text}</p>}>
        <Markdown text={text} writing={writing} />
      </Suspense>
    </div>
  );
});
