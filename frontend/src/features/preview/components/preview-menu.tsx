// What is seldom wanted of the preview.
import { DatabaseZap, Ellipsis } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { showToast } from "@/components/ui/toast";
import { UNDO_MS } from "@/config/limits";
import { count } from "@/lib/words";
import type { PreviewHost } from "../host/preview-host";

export function PreviewMenu({ host }: { host: PreviewHost }) {
  const [stored, setStored] = useState(0);
  return (
    // Not modal: a modal menu would set a style element, which the page's policy refuses.
    <DropdownMenu.Root modal={false} onOpenChange={(open) => open && setStored(host.countStored())}>
      <DropdownMenu.Trigger className="btn btn-ghost btn-sm btn-icon" aria-label="More of the preview" title="More">
        <Ellipsis className="i" aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={6}>
          <DropdownMenu.Item className="menu-item" disabled={stored === 0} onSelect={() => clear(host)}>
            <DatabaseZap className="i" aria-hidden="true" />
            {stored === 0 ? "The app keeps nothing here" : `Clear what the app keeps: ${count(stored, "value")}`}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function clear(host: PreviewHost): void {
  const undo = host.clearStorage();
  showToast("What the app kept is cleared.", { ms: UNDO_MS, action: { label: "Undo", run: undo } });
}
