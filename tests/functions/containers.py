"""Many containers of the partition function at once, and the queue that feeds them.

    python tests/functions/containers.py CONTAINERS < messages

A message is one line of JSON, as SQS hands it to Lambda. Each container is a process of its own with nothing remembered; it takes up to 100
messages, calls the handler, and puts back what the handler reports as failed, as SQS does when its time is over. Ends when no message is
left, and prints how often the most delivered message was delivered.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import boto3  # noqa: F401  every container is a copy of this process, and need not import it again

from eventlake.functions.partition import handler

BATCH = 100


def container(number: int, queue: Any, left: Any, most: Any) -> None:  # of multiprocessing
    """One container, until the queue is empty and nothing is in flight."""
    os.environ["AWS_ACCESS_KEY_ID"] = f"container{number:02}"
    while left.value > 0:
        taken: list[dict[str, Any]] = []
        while len(taken) < BATCH and not queue.empty():
            try:
                taken.append(queue.get(timeout=0.01))
            except Exception:  # another container was faster
                break
        if not taken:  # all that is left is with others
            time.sleep(0.01)
            continue
        with redirect_stdout(StringIO()):
            answer = handler({"Records": taken}, None)
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for message in taken:
            if message["messageId"] in failed:
                message["deliveries"] = message.get("deliveries", 1) + 1
                with most.get_lock():
                    most.value = max(most.value, message["deliveries"])
                queue.put(message)
        with left.get_lock():
            left.value -= len(taken) - len(failed)


def main(containers: int) -> None:
    """Feed standard input to the containers."""
    context = multiprocessing.get_context("fork")
    messages = [json.loads(line) for line in sys.stdin]
    queue, left, most = context.Queue(), context.Value("l", len(messages)), context.Value("l", 1)
    for message in messages:
        queue.put(message)
    processes = [context.Process(target=container, args=(number, queue, left, most)) for number in range(containers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.stdout.write(json.dumps({"left": left.value, "deliveries": most.value}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
