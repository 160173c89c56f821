// Every path of the UI on one screen. The gateway knows the same list: what is not here is not found.
import { createBrowserRouter, Navigate } from "react-router";
import { NotFound } from "./routes/not-found";
import { RouteError } from "./routes/route-error";
import { SignedIn } from "./signed-in";
import { SignedOut } from "./signed-out";

export const router = createBrowserRouter([
  {
    element: <SignedIn />,
    errorElement: <RouteError />,
    HydrateFallback: () => null,
    children: [
      { path: "/", lazy: () => import("./routes/home") },
      { path: "/c/:roomId", lazy: () => import("./routes/conversation") },
      { path: "/g/:generationId", lazy: () => import("./routes/generation") },
      { path: "/library", lazy: () => import("./routes/library") },
      {
        path: "/settings",
        lazy: () => import("./routes/settings/layout"),
        children: [
          { index: true, element: <Navigate to="/settings/profile" replace /> },
          { path: "/settings/profile", lazy: () => import("./routes/settings/profile") },
          { path: "/settings/security", lazy: () => import("./routes/settings/security") },
          { path: "/settings/sessions", lazy: () => import("./routes/settings/sessions") },
          { path: "/settings/api-keys", lazy: () => import("./routes/settings/api-keys") },
          { path: "/settings/data", lazy: () => import("./routes/settings/data") },
        ],
      },
      {
        path: "/admin",
        lazy: () => import("./routes/admin/layout"),
        children: [
          { index: true, element: <Navigate to="/admin/users" replace /> },
          { path: "/admin/users", lazy: () => import("./routes/admin/users") },
          { path: "/admin/audit", lazy: () => import("./routes/admin/audit") },
        ],
      },
    ],
  },
  {
    element: <SignedOut />,
    errorElement: <RouteError />,
    HydrateFallback: () => null,
    children: [
      { path: "/sign-in", lazy: () => import("./routes/sign-in") },
      { path: "/register", lazy: () => import("./routes/register") },
      { path: "/forgot-password", lazy: () => import("./routes/forgot-password") },
    ],
  },
  // For anybody who has the link, signed in or not.
  {
    errorElement: <RouteError />,
    HydrateFallback: () => null,
    children: [
      { path: "/s/:token", lazy: () => import("./routes/shared") },
      { path: "/reset-password", lazy: () => import("./routes/reset-password") },
      { path: "/verify-email", lazy: () => import("./routes/verify-email") },
      { path: "/oauth/callback/:provider", lazy: () => import("./routes/oauth-callback") },
    ],
  },
  { path: "*", element: <NotFound /> },
]);
