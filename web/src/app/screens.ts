// The screens. One line adds one: its name in the URL, its place in the navigation, and the folder that it is loaded from when it is
// first opened. A screen is a component whose properties are ScreenProps.

import type { ComponentType } from "preact";
import { navigation } from "../text/en";

export interface ScreenProps {
  params: URLSearchParams;
}

export interface Screen {
  name: string;
  label: string;
  /** The heading that it stands under in the navigation; null for screens that are reached from others only. */
  group: string | null;
  load: () => Promise<ComponentType<ScreenProps>>;
}

export const screens: readonly Screen[] = [
  { name: "explore", label: navigation.explore, group: navigation.investigate, load: async () => (await import("../explore/Explore")).Explore },
  { name: "event", label: navigation.event, group: null, load: async () => (await import("../event/EventPage")).EventPage },
];
