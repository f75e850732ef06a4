/**
 * Preloaded into the node children of the stack: when the supervisor ends, however it ends, its channel closes, and
 * the child asks itself to stop, and insists after five seconds.
 */
const insistAfterMs = 5000;

process.once('disconnect', () => {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), insistAfterMs).unref();
  process.kill(process.pid, 'SIGTERM');
});
process.channel?.unref();
