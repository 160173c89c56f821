// The figures behind a generation, as the server counted them. A figure that is not known is left out.
import type { Issue } from "@/api/types";
import { bytes, count, duration, grouped } from "@/lib/words";
import type { GenerationView } from "../model/view";

export default function DetailsTab({ view }: { view: GenerationView }) {
  const { generation, metadata } = view;
  const usage = metadata?.usage;
  const facts: [string, string | null | undefined][] = [
    [
      "State",
      {
        waiting: "Waiting",
        understanding: "Understanding",
        writing: "Writing",
        checking: "Checking",
        mending: "Mending",
        ready: "Ready",
        failed: "Failed",
        stopped: "Stopped by you",
      }[view.phase],
    ],
    ["Model", metadata?.model ?? generation.model],
    ["Why this model", metadata?.routing?.reason],
    ["Provider", metadata?.provider === "demo" ? "Built-in demo model" : metadata?.provider],
    ["Duration", metadata?.durationMs == null ? null : duration(metadata.durationMs)],
    ["First words after", metadata?.firstTokenMs == null ? null : duration(metadata.firstTokenMs)],
    [
      "Tokens",
      usage?.outputTokens ? `${grouped(usage.inputTokens)} read, ${grouped(usage.outputTokens)} written` : null,
    ],
    ["Cost", !metadata || !view.ended ? null : metadata.costUsd === 0 ? "Nothing" : `$${metadata.costUsd.toFixed(4)}`],
    ["From cache", metadata?.cached ? "Yes" : null],
    ["Attempts", metadata?.attempts ? grouped(metadata.attempts) : null],
    ["Started", new Date(generation.createdAt).toLocaleString("en-GB")],
  ];
  const issues = metadata?.validation.issues ?? [];
  const left = metadata?.context?.omitted ?? [];
  return (
    <div className="details">
      <dl className="facts">
        {facts.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
        {(view.phase === "ready" || issues.length > 0) && (
          <div>
            <dt>Checks</dt>
            <dd>{metadata?.validation.ok ? "Passed" : count(issues.length, "problem")}</dd>
          </div>
        )}
      </dl>
      {issues.length > 0 && (
        <>
          <h3>Problems</h3>
          <ul className="grid gap-(--s-3)">
            {issues.map((issue, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
              <li key={index}>{issueWords(issue)}</li>
            ))}
          </ul>
        </>
      )}
      {left.length > 0 && (
        <>
          <h3>Not given to the model</h3>
          <ul className="grid gap-(--s-3)">
            {left.map(({ what }) => (
              <li key={what}>{what}</li>
            ))}
          </ul>
        </>
      )}
      {metadata?.files && metadata.files.length > 0 && (
        <>
          <h3>Files</h3>
          <dl className="facts">
            {metadata.files.map((file) => (
              <div key={file.path}>
                <dt>{bytes(file.bytes)}</dt>
                <dd>
                  <span className="mono">{file.path}</span>
                  {file.status !== "complete" && <span className="faint"> {file.status}</span>}
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </div>
  );
}

function issueWords({ path, message }: Issue): string {
  return path === null ? message : `${path}: ${message}`;
}
