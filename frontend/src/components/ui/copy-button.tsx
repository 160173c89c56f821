// Copies a text and says so for two seconds.
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { showToast } from "./toast";

interface CopyButtonProps {
  text: () => string;
  label: string;
  /** Shown beside the icon where there is room. */
  words?: string;
}

export function CopyButton({ text, label, words }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text());
      setCopied(true);
    } catch {
      showToast("The browser did not allow copying. Select the text and copy it by hand.");
    }
  }
  return (
    <button
      type="button"
      className={words ? "btn" : "btn btn-ghost btn-sm btn-icon"}
      aria-label={copied ? "Copied" : label}
      title={copied ? "Copied" : label}
      onClick={() => void copy()}
    >
      {copied ? <Check className="i" aria-hidden="true" /> : <Copy className="i" aria-hidden="true" />}
      {words && (copied ? "Copied" : words)}
    </button>
  );
}
