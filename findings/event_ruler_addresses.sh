#!/usr/bin/env bash
# A pattern with an IPv4 address or range matches IPv6 addresses that begin with the same 32 bits; one with a plain text may match another text.
#
# Version: event-ruler 2.1.0, the matcher of Amazon EventBridge (software.amazon.event.ruler on Maven Central); 1.7.3 does the same.
# Expected: {"cidr": "32.0.0.0/3"} takes IPv4 addresses alone, and a plain text equals the same text.
# Happens: addresses are turned into hexadecimal digits and compared from the left, an IPv4 address as the eight digits that it has. So the
#     range holds every IPv6 address that begins with 2 or 3, which are nearly all that are in use. A plain text that is an address, such as a
#     version of four numbers, is compared so too: "1.2.3.4" equals "1.02.3.4" and "102:304::". Under anything-but it is a text.
# Seen: 32.0.0.0/3 and 2001:db8::1: true; 10.0.0.0/8 and 2001:db8::1: false; "1.2.3.4" and "1.02.3.4": true; "1.2.3.4" and "102:304::": true;
#     anything-but "1.2.3.4" and "1.02.3.4": true
# eventlake: does the same, because EventBridge decides on AWS, and docs/adding-a-source.md tells it.
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
        show("{\"cidr\": \"32.0.0.0/3\"}", "2001:db8::1", true);
        show("{\"cidr\": \"10.0.0.0/8\"}", "2001:db8::1", false);
        show("\"1.2.3.4\"", "1.02.3.4", true);
        show("\"1.2.3.4\"", "102:304::", true);
        show("{\"anything-but\": \"1.2.3.4\"}", "1.02.3.4", true);
    }

    static void show(String condition, String text, boolean expected) throws Exception {
        Machine machine = new Machine();
        machine.addRule("rule", "{\"value\": [" + condition + "]}");
        boolean seen = !machine.rulesForJSONEvent("{\"value\": \"" + text + "\"}").isEmpty();
        System.out.println(condition + " and " + text + ": " + seen);
        if (seen != expected) System.exit(1);
    }
}
END
java -cp '*' Matches.java
