// Screen: the library.
import { Plus } from "lucide-react";
import { Link } from "react-router";
import { Library } from "@/features/history/components/library";
import { Screen } from "../screen";

export function Component() {
  return (
    <Screen title="Library">
      <Library
        action={
          <Link className="btn btn-primary" to="/">
            <Plus className="i" aria-hidden="true" />
            New
          </Link>
        }
      />
    </Screen>
  );
}
