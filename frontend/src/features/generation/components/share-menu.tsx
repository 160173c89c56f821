// A link that shows the thing to whoever has it, and its end.
import { Link, Link2Off, Share2 } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { showToast } from "@/components/ui/toast";
import { errorWords } from "@/lib/api-client";
import { shareGeneration, unshareGeneration } from "../api/share";

export function ShareMenu({ id }: { id: string }) {
  return (
    // Not modal: a modal menu would set a style element, which the page's policy refuses.
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="btn btn-ghost btn-sm btn-icon" aria-label="Share" title="Share">
        <Share2 className="i" aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={6}>
          <DropdownMenu.Item className="menu-item" onSelect={() => void copyLink(id)}>
            <Link className="i" aria-hidden="true" />
            Copy a link
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => void endLink(id)}>
            <Link2Off className="i" aria-hidden="true" />
            End the link
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

async function copyLink(id: string) {
  let url: string;
  try {
    url = (await shareGeneration(id)).url;
  } catch (error) {
    showToast(`It could not be shared. ${errorWords(error)}`);
    return;
  }
  try {
    await navigator.clipboard.writeText(url);
    showToast("Link copied. Whoever has it can read this, without an account.");
  } catch {
    showToast(`Whoever has this link can read it: ${url}`, { ms: 30_000 });
  }
}

async function endLink(id: string) {
  try {
    await unshareGeneration(id);
    showToast("No link leads here any more.");
  } catch (error) {
    showToast(`The link could not be ended. ${errorWords(error)}`);
  }
}
