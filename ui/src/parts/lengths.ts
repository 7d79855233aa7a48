// How long something can be off, or a device without answers: words for it, and seconds.

export const LENGTHS = [
  ["ten_minutes", 600],
  ["an_hour", 3600],
  ["a_day", 86_400],
  ["until_resumed", null],
] as const;
