// Screen: create an account.
import { useEffect } from "react";
import { Link, useLocation } from "react-router";
import { RegisterForm } from "@/features/auth/components/auth-forms";
import { SignLayout } from "@/features/auth/components/sign-layout";

export function Component() {
  const { search } = useLocation();
  useEffect(() => {
    document.title = "Create an account · AetherOS";
  }, []);
  return (
    <SignLayout
      title="Create an account"
      note={`on ${window.location.host}`}
      form={<RegisterForm onDone={() => undefined} />}
      other={
        <>
          You have one?{" "}
          <Link className="link" to={`/sign-in${search}`}>
            Sign in
          </Link>
        </>
      }
    />
  );
}
