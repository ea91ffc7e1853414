// Channels of an excitation's bottleneck, as `networks.senet.squeezed` has them.

export const squeezed = (channels, ratio) =>
  Math.max(8, Math.floor(Math.trunc(channels / ratio + 4) / 8) * 8);
