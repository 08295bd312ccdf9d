package io.planish.platform;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.storage.PathGate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who is asked which files something outside refers to. Each answers with paths as hypervisors see them; whoever cannot answer makes all
 * of it fail, since «none» would let restore points go. Paths that lead to no file of the pools mean nothing here.
 *
 * @param libvirt folders with libvirt's XML, see {@link LibvirtFolder}
 * @param files text files with one absolute path a line; an empty line and one that begins with {@code #} say nothing
 * @param commands programs that print such lines
 */
public record References(List<Path> libvirt, List<Path> files, List<Program> commands) {
    public static final References NONE = new References(List.of(), List.of(), List.of());

    private static final int LARGEST_BYTES = 256 << 20;

    public References {
        libvirt = List.copyOf(libvirt);
        files = List.copyOf(files);
        commands = List.copyOf(commands);
    }

    /** All of these and all of those. */
    public References and(References more) {
        return new References(
                joined(libvirt, more.libvirt), joined(files, more.files), joined(commands, more.commands));
    }

    /**
     * The images that are referred to, by their names without symbolic links.
     *
     * @throws ImageException naming the first who could not answer
     */
    public Set<ImageRef> images(PathGate gate) throws IOException {
        Set<String> paths = new TreeSet<>();
        for (Path folder : libvirt) {
            paths.addAll(LibvirtFolder.paths(folder));
        }
        for (Path file : files) {
            paths.addAll(lines(read(file), file.toString()));
        }
        for (Program command : commands) {
            Program.Answer answer = command.run(new byte[0], LARGEST_BYTES);
            if (answer.exit() != 0) {
                throw command.failure(
                        "exits with " + answer.exit() + (answer.message().isEmpty() ? "" : ": " + answer.message()),
                        "what it refers to is not known");
            }
            paths.addAll(lines(answer.out(), "command '" + String.join(" ", command.argv()) + "'"));
        }
        Set<ImageRef> images = new TreeSet<>();
        for (String path : paths) {
            images.addAll(gate.imagesAt(path));
        }
        return images;
    }

    private static String read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(LARGEST_BYTES + 1);
            if (content.length > LARGEST_BYTES) {
                throw new ImageException(
                        ErrorKind.IO, file.toString(), "is larger than " + LARGEST_BYTES + " bytes", "split it");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ImageException(
                    ErrorKind.IO, file.toString(), "is not a text in UTF-8", "one absolute path a line");
        } catch (ImageException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new ImageException(ErrorKind.MISSING, file.toString(), "there is no such file", "check its name");
        } catch (IOException e) {
            throw new ImageException(ErrorKind.IO, file.toString(), "cannot be read: " + e, "check name and rights");
        }
    }

    private static List<String> lines(String text, String source) throws ImageException {
        List<String> paths = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\r?\n", -1)) {
            number++;
            if (line.startsWith("/")) {
                paths.add(line);
            } else if (!line.isBlank() && !line.startsWith("#")) {
                throw new ImageException(
                        ErrorKind.IO,
                        source,
                        "line " + number + " is no absolute path: " + line.replaceAll("\\p{Cntrl}", "?"),
                        "one path a line, as hypervisors see it");
            }
        }
        return paths;
    }

    private static <T> List<T> joined(List<T> some, List<T> more) {
        List<T> all = new ArrayList<>(some);
        all.addAll(more);
        return all.stream().distinct().toList();
    }
}
