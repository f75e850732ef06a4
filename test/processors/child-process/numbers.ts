import { type Output, reject, type Task, to } from '../../../processors/stage.ts';

export default function compute(task: Task<{ readonly n: number }>): Output {
  const { n } = task.payload;
  if (n === 1) for (;;);
  if (n === 2) process.exit(7);
  if (n === 3) throw reject('three');
  return to('next', { n: n * 100 });
}
