// Administration: all accounts.
import { Users } from "@/features/admin/components/users";

export function Component() {
  return <Users />;
}
