import java.io.*;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.MachineComplexityEvaluator;

/** Reads lines "pattern TAB event" and writes the verdict of AWS's matcher for each: true, false or refused. */
public final class Verdicts {
    private static final int COMPLEXITY = 10;

    public static void main(String[] arguments) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] pair = line.split("\t", 2);
            out.println(pair[0] + "\t" + pair[1] + "\t" + verdict(pair[0], pair[1]));
        }
    }

    private static String verdict(String pattern, String event) throws Exception {
        var machine = new Machine();
        try {
            machine.addRule("rule", pattern);
            if (machine.evaluateComplexity(new MachineComplexityEvaluator(COMPLEXITY + 1)) > COMPLEXITY) {
                return "refused";
            }
        } catch (Exception error) {
            return "refused";
        }
        return String.valueOf(!machine.rulesForJSONEvent(event).isEmpty());
    }
}
