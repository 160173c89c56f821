// The token of a link in a mail. It comes in the fragment, which no server sees, and leaves the address bar at once.
import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";

export function useMailToken(): string | undefined {
  const { hash, pathname } = useLocation();
  const navigate = useNavigate();
  const [token, setToken] = useState(() => tokenOf(hash));
  useEffect(() => {
    const found = tokenOf(hash);
    if (found === undefined) return;
    // Another link opened in the same tab brings another token.
    setToken(found);
    void navigate(pathname, { replace: true });
  }, [hash, pathname, navigate]);
  return token;
}

function tokenOf(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token") || undefined;
}
