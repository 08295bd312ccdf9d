import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/**
 * Rewrites a jar so that its classes are in the format of Java 11. An AOT cache takes none of a format before Java 6, as picocli's
 * are, and to load and verify these costs a short command a third of its time.
 */
class NewerClasses {
    private static final int WANTED = ClassFile.JAVA_11_VERSION;

    public static void main(String[] args) throws IOException {
        Path jar = Path.of(args[0]);
        Path next = Path.of(args[0] + ".next");
        try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
                var in = new JarFile(jar.toFile());
                var out = new JarOutputStream(Files.newOutputStream(next))) {
            ClassFile classes = ClassFile.of(
                    // old classes have no stack maps; a new pool makes each method be written anew, and so get one
                    ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                    ClassFile.ConstantPoolSharingOption.NEW_POOL,
                    ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)));
            for (JarEntry entry : in.stream().toList()) {
                out.putNextEntry(new JarEntry(entry.getName()));
                try (InputStream content = in.getInputStream(entry)) {
                    byte[] bytes = content.readAllBytes();
                    out.write(entry.getName().endsWith(".class") ? newer(classes, bytes) : bytes);
                }
            }
        }
        Files.move(next, jar, StandardCopyOption.ATOMIC_MOVE);
    }

    private static byte[] newer(ClassFile classes, byte[] bytes) {
        ClassModel model = classes.parse(bytes);
        if (model.majorVersion() >= WANTED || model.isModuleInfo()) {
            return bytes;
        }
        return classes.transformClass(model, (builder, element) -> {
            if (element instanceof ClassFileVersion) {
                builder.withVersion(WANTED, 0);
            } else {
                builder.with(element);
            }
        });
    }
}
