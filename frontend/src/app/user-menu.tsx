// Who is signed in, the theme, the way to the settings, and the way out.
import { Check, LogOut, Monitor, Moon, Settings, Settings2, Sun } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useNavigate } from "react-router";
import { signOut } from "@/features/auth/api/auth";
import { useSession } from "@/lib/auth-session";
import { setTheme, type Theme, useTheme } from "@/lib/theme";

const themes = [
  ["system", "As the system", Monitor],
  ["light", "Light", Sun],
  ["dark", "Dark", Moon],
] as const;

export function UserMenu({ compact = false }: { compact?: boolean }) {
  const user = useSession((state) => state.user);
  const theme = useTheme((state) => state.theme);
  const navigate = useNavigate();
  if (!user) return null;
  async function leave() {
    const done = signOut();
    await navigate("/sign-in");
    await done;
  }
  return (
    // Not modal: a modal menu would set a style element, which the page's policy refuses.
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="user-trigger" aria-label={`Account and theme, ${user.name}`}>
        <span className="avatar">{initials(user.name)}</span>
        {!compact && (
          <>
            <span className="grow clip side-label">{user.name}</span>
            <Settings2 className="i side-label" aria-hidden="true" />
          </>
        )}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className="menu"
          side={compact ? "bottom" : "top"}
          align={compact ? "end" : "start"}
          sideOffset={6}
        >
          <div className="menu-head">{user.email}</div>
          <DropdownMenu.Separator className="menu-sep" />
          <DropdownMenu.RadioGroup value={theme} onValueChange={(value) => setTheme(value as Theme)}>
            <DropdownMenu.Label className="menu-head">Theme</DropdownMenu.Label>
            {themes.map(([value, name, Icon]) => (
              <DropdownMenu.RadioItem
                className="menu-item"
                value={value}
                key={value}
                onSelect={(event) => event.preventDefault()}
              >
                <Icon className="i" aria-hidden="true" />
                {name}
                {theme === value && <Check className="i tick" aria-hidden="true" />}
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="menu-sep" />
          <DropdownMenu.Item className="menu-item" onSelect={() => void navigate("/settings/profile")}>
            <Settings className="i" aria-hidden="true" />
            Settings
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => void leave()}>
            <LogOut className="i" aria-hidden="true" />
            Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]];
  return (
    letters
      .map((part) => [...(part ?? "")][0] ?? "")
      .join("")
      .toUpperCase() || "?"
  );
}
