// A fenced block inside prose: its language, its text in ink, and a copy button.
import { Children, isValidElement, type ReactNode } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { CodeLines } from "./code-lines";

export function CodeBlock({ children }: { children: ReactNode }) {
  const code = Children.toArray(children).find((child) => isValidElement(child));
  const props = isValidElement(code) ? (code.props as { className?: string; children?: ReactNode }) : {};
  const language = /language-(\S+)/.exec(props.className ?? "")?.[1] ?? "";
  const text = String(props.children ?? "").replace(/\n$/, "");
  return (
    <div className="codeblock">
      <div className="codeblock-head">
        <span className="grow mono">{language || "text"}</span>
        <CopyButton text={() => text} label="Copy" />
      </div>
      <CodeLines text={text} language={language} label="Code" writing={false} />
    </div>
  );
}
