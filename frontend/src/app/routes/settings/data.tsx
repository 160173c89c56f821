// Settings: all that is kept of somebody.
import { DeletePanel, ExportPanel } from "@/features/settings/components/data-panels";

export function Component() {
  return (
    <>
      <ExportPanel />
      <DeletePanel />
    </>
  );
}
