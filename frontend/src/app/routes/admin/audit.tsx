// Administration: the audit log.
import { Audit } from "@/features/admin/components/audit";

export function Component() {
  return <Audit />;
}
