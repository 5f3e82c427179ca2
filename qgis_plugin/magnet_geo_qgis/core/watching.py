"""Programs that end when QGIS does: lines of Python that listen on stdin for programs that do not."""

from __future__ import annotations

# For the engine's commands that speak no protocol: the end of stdin, or a cancel line, interrupts them, so that none is
# left behind when QGIS is gone. One that has not begun its work, and so does not listen to signals, has nothing to tidy
# up; what does not end within a minute is ended.
WATCHED_ENGINE = """
import _thread, os, runpy, signal, sys, threading, time
def watch():
    # os.read: a thread that sits in a buffered reader makes Python abort when it ends
    while True:
        chunk = os.read(0, 4096)
        if not chunk or b'"cancel"' in chunk:
            break
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        os._exit(130)
    _thread.interrupt_main(signal.SIGTERM)
    time.sleep(60)
    os._exit(130)
threading.Thread(target=watch, daemon=True).start()
runpy.run_module('magnet_geo', run_name='__main__', alter_sys=True)
""".strip()

# For venv and pip, which start programs of their own: all of them form one group, and the end of stdin ends the group;
# pip tidies up when it is interrupted, so that comes first.
WATCHED_GROUP = """
import _thread, os, runpy, signal, sys, threading, time
def watch():
    while os.read(0, 4096):
        pass
    if hasattr(os, 'killpg'):
        os.killpg(0, signal.SIGINT)
        time.sleep(3)
        os.killpg(0, signal.SIGKILL)
    _thread.interrupt_main()
    time.sleep(3)
    os._exit(130)
if hasattr(os, 'setpgrp'):
    os.setpgrp()
threading.Thread(target=watch, daemon=True).start()
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)
""".strip()


def watched_module(module: str, arguments: list[str]) -> list[str]:
    """Gives a Python's arguments that run one of its modules as the leader of a group, until stdin ends."""
    return ["-I", "-u", "-c", WATCHED_GROUP, module, *arguments]
