#!/usr/bin/env bash
# Whether an event matches depends on the order of the keys in the pattern, where a field stands beside $or and in one of its ways.
#
# Version: event-ruler 2.1.0, the matcher of Amazon EventBridge (software.amazon.event.ruler on Maven Central); 1.7.3 does the same.
# Expected: all members of an object must hold, so a condition beside $or narrows each of its ways, in whatever order JSON's keys stand.
# Happens: $or is multiplied out into one pattern a way, and of two conditions of one field in it the later one stays; the other is dropped
#     without a word. "state is FAILED, and: state begins with S, or stage is Prod" takes a succeeded action of any stage. Written with $or
#     first, the way "state begins with S" becomes "state is FAILED", and takes what no reading of it allows.
# Seen: state first: SUCCEEDED in Test true, FAILED in Test false; $or first: SUCCEEDED in Test false, FAILED in Test true
# eventlake: does the same, because EventBridge decides on AWS, and docs/adding-a-source.md tells it; its verdicts are held against 4,500
#     recorded ones.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
central=https://repo1.maven.org/maven2
jackson=com/fasterxml/jackson/core
for jar in software/amazon/event/ruler/event-ruler/2.1.0/event-ruler-2.1.0 ch/randelshofer/fastdoubleparser/2.0.1/fastdoubleparser-2.0.1 \
    $jackson/jackson-core/2.17.2/jackson-core-2.17.2 $jackson/jackson-databind/2.17.2/jackson-databind-2.17.2 \
    $jackson/jackson-annotations/2.17.2/jackson-annotations-2.17.2; do
  curl -sSfO "$central/$jar.jar"
done
cat > Matches.java <<'END'
import software.amazon.event.ruler.Machine;

public class Matches {
    public static void main(String[] given) throws Exception {
        String ways = "\"$or\": [{\"state\": [{\"prefix\": \"S\"}]}, {\"stage\": [\"Prod\"]}]";
        String state = "\"state\": [\"FAILED\"]";
        show("state first", "{" + state + ", " + ways + "}", true, false);
        show("$or first", "{" + ways + ", " + state + "}", false, true);
    }

    static void show(String name, String pattern, boolean succeeded, boolean failed) throws Exception {
        Machine machine = new Machine();
        machine.addRule("rule", pattern);
        boolean[] seen = {matches(machine, "SUCCEEDED"), matches(machine, "FAILED")};
        System.out.println(name + ": SUCCEEDED in Test " + seen[0] + ", FAILED in Test " + seen[1]);
        if (seen[0] != succeeded || seen[1] != failed) System.exit(1);
    }

    static boolean matches(Machine machine, String state) throws Exception {
        return !machine.rulesForJSONEvent("{\"state\": \"" + state + "\", \"stage\": \"Test\"}").isEmpty();
    }
}
END
java -cp '*' Matches.java
