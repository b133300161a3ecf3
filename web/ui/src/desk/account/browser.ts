/** A browser's name for itself in few words, "Chrome 140 · Windows"; as it is where it says something else. */
export function browserOf(agent: string): string {
  const program = [/(?:Edg|EdgA|EdgiOS)\/(\d+)/, /(?:OPR)\/(\d+)/, /MicroMessenger\/(\d+)/, /(?:Firefox|FxiOS)\/(\d+)/, /(?:Headless)?(?:Chrome|CriOS)\/(\d+)/, /Version\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari/];
  const names = ['Edge', 'Opera', 'WeChat', 'Firefox', 'Chrome', 'Safari'];
  const i = program.findIndex((p) => p.test(agent));
  if (i < 0) return agent;
  const system = /HarmonyOS|OpenHarmony|iPhone|iPad|Android|Windows|Mac OS X|CrOS|Linux/.exec(agent)?.[0].replace('Mac OS X', 'macOS').replace('CrOS', 'ChromeOS');
  return [`${names[i]} ${program[i]!.exec(agent)![1]}`, system].filter(Boolean).join(' · ');
}
