export const voices = ['Kick', 'Snare', 'Hat', 'Clap']

/** Drums made of tones and noise; null where the browser has no sound. Call it from a click: browsers ask for that. */
export function makeSound(): { play: (voice: number) => void; close: () => void } | null {
  try {
    const context = new AudioContext()
    void context.resume().catch(() => undefined)
    const noise = context.createBuffer(1, context.sampleRate * 0.3, context.sampleRate)
    const samples = noise.getChannelData(0)
    for (let at = 0; at < samples.length; at++) samples[at] = Math.random() * 2 - 1

    const fade = (level: number, seconds: number) => {
      const gain = context.createGain()
      gain.gain.setValueAtTime(level, context.currentTime)
      gain.gain.exponentialRampToValueAtTime(0.001, context.currentTime + seconds)
      gain.connect(context.destination)
      return gain
    }
    const tone = (from: number, to: number, seconds: number) => {
      const source = context.createOscillator()
      source.frequency.setValueAtTime(from, context.currentTime)
      source.frequency.exponentialRampToValueAtTime(to, context.currentTime + seconds)
      source.connect(fade(0.8, seconds))
      source.start()
      source.stop(context.currentTime + seconds)
    }
    const hiss = (above: number, level: number, seconds: number) => {
      const source = context.createBufferSource()
      const filter = context.createBiquadFilter()
      source.buffer = noise
      filter.type = 'highpass'
      filter.frequency.value = above
      source.connect(filter)
      filter.connect(fade(level, seconds))
      source.start()
      source.stop(context.currentTime + seconds)
    }
    const drums = [
      () => tone(150, 45, 0.3),
      () => {
        hiss(1000, 0.5, 0.18)
        tone(220, 120, 0.1)
      },
      () => hiss(7000, 0.3, 0.06),
      () => hiss(1800, 0.6, 0.12),
    ]
    return { play: voice => drums[voice]?.(), close: () => void context.close().catch(() => undefined) }
  } catch {
    return null
  }
}
