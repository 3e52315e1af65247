import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { parseStudioSearch } from "./search";
import { Lost, Shell, Trouble } from "./shell";

const root = createRootRoute({ component: Shell, notFoundComponent: Lost, errorComponent: Trouble });

const gallery = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (raw: Record<string, unknown>): { q?: string } =>
    typeof raw.q === "string" && raw.q !== "" ? { q: raw.q } : {},
  component: lazyRouteComponent(() => import("@/features/gallery/gallery"), "Gallery"),
});

const experiment = createRoute({
  getParentRoute: () => root,
  path: "/e/$experiment",
  component: lazyRouteComponent(() => import("@/features/gallery/experiment"), "ExperimentPage"),
});

const studio = createRoute({
  getParentRoute: () => root,
  path: "/e/$experiment/s/$session",
  validateSearch: parseStudioSearch,
  component: lazyRouteComponent(() => import("@/features/studio/studio"), "Studio"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings/$section",
  component: lazyRouteComponent(() => import("@/features/settings/settings"), "Settings"),
});

const settingsHome = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  beforeLoad: () => {
    throw redirect({ to: "/settings/$section", params: { section: "models" }, replace: true });
  },
});

export const router = createRouter({
  routeTree: root.addChildren([gallery, experiment, studio, settings, settingsHome]),
  defaultPreload: "intent",
  // What is typed into the page is in the address; going back through every keystroke helps nobody.
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
