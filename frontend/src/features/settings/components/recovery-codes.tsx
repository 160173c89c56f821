// Recovery codes, shown this once: to be copied or saved, and to be left only by who says that they are kept.
import { Download } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { saveText } from "@/lib/save-file";

interface RecoveryCodesProps {
  codes: readonly string[];
  email: string;
  onKept: () => void;
}

export function RecoveryCodes({ codes, email, onKept }: RecoveryCodesProps) {
  const [kept, setKept] = useState(false);
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <div className="grid gap-(--s-5)">
      <h3 ref={head} tabIndex={-1}>
        Keep your recovery codes
      </h3>
      <p className="panel-note">
        Without your phone, each of them lets you in once. They are not shown again: keep them where you keep what you
        must not lose, and not on that phone.
      </p>
      <ul className="codes" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="btn-row">
        <CopyButton text={() => codes.join("\n")} label="Copy the codes" words="Copy" />
        <button
          type="button"
          className="btn"
          onClick={() => saveText("aether-recovery-codes.txt", fileOf(codes, email))}
        >
          <Download className="i" aria-hidden="true" />
          Download
        </button>
      </div>
      <label className="check">
        <input type="checkbox" checked={kept} onChange={(event) => setKept(event.target.checked)} />I have kept them
      </label>
      <div className="btn-row">
        <button type="button" className="btn btn-primary" aria-disabled={!kept} onClick={() => kept && onKept()}>
          Done
        </button>
        {!kept && <span className="inline-note">Say first that you have kept them.</span>}
      </div>
    </div>
  );
}

function fileOf(codes: readonly string[], email: string): string {
  return `Recovery codes for ${email} on ${window.location.host}. Each works once.\n\n${codes.join("\n")}\n`;
}
