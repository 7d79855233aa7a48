// The icon of a service: a shape for its group, a colour and letters for its name.

import { glyphOf } from "./glyph";

export function Icon({ name, group }: { name: string; group: string }) {
  const { path, hue, letters } = glyphOf(name, group);
  return (
    <svg class="glyph" viewBox="0 0 28 28" width="28" height="28" aria-hidden="true">
      <path d={path} fill={`hsl(${hue} 45% 36%)`} />
      <text
        x="14"
        y="18.500"
        text-anchor="middle"
        fill="#fff"
        font-size={letters.length > 1 ? 11 : 13}
      >
        {letters}
      </text>
    </svg>
  );
}
