/** What the executable can do today. A scenario that needs more is left out, for every candidate. */
export const features = {
  http2: true,
} as const

export type Feature = keyof typeof features
