// The Markdown engine, loaded when first needed. Text is split into blocks, so that only the last one is read again as it grows.
import { memo, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import remend from "remend";
import { blocksOf } from "../model/blocks";
import { CodeBlock } from "./code-block";

const components: Components = {
  img: ({ alt }) => <span className="faint">{alt ? `Picture: ${alt}` : "Picture"}</span>,
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  input: ({ checked }) => <input type="checkbox" checked={checked ?? false} readOnly aria-label="Done" />,
};

const remarkPlugins = [remarkGfm];
const rehypePlugins = [rehypeSanitize];

const Block = memo(function Block({ text }: { text: string }): ReactNode {
  return (
    <ReactMarkdown remarkPlugins={remarkPlugins} rehypePlugins={rehypePlugins} components={components} skipHtml>
      {text}
    </ReactMarkdown>
  );
});

export default function Markdown({ text, writing }: { text: string; writing: boolean }) {
  const blocks = blocksOf(text);
  return (
    <>
      {blocks.map((block, index) => (
        // Blocks only grow at the end; their place is what tells them apart.
        // biome-ignore lint/suspicious/noArrayIndexKey: a block's place is its identity
        <Block key={index} text={writing && index === blocks.length - 1 ? remend(block) : block} />
      ))}
      {writing && <span className="nib" />}
    </>
  );
}
