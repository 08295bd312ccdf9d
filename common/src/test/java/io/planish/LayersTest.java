package io.planish;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Holds the layers: decisions are pure, and nothing in this module knows a framework. */
class LayersTest {
    private static final String[] PURE = {
        "io.planish.qcow2..",
        "io.planish.chain..",
        "io.planish.plan..",
        "io.planish.merge..",
        "io.planish.job..",
        "io.planish.run.."
    };
    private static final String[] SHELLS = {
        "io.planish.storage..",
        "io.planish.scan..",
        "io.planish.engine..",
        "io.planish.platform..",
        "io.planish.trash..",
        "io.planish.cli..",
        "io.planish.coordinator..",
        "io.planish.worker.."
    };
    private static final String[] FRAMEWORKS = {
        "io.quarkus..",
        "io.smallrye..",
        "jakarta..",
        "org.eclipse.microprofile..",
        "org.apache.kafka..",
        "org.infinispan..",
        "io.fabric8.."
    };
    private static final DescribedPredicate<JavaClass> FILE_ACCESS = DescribedPredicate.describe(
            "open files",
            c -> c.getName().startsWith("java.nio.channels.")
                    || c.getName().startsWith("java.io.File")
                    || c.getName().equals("java.io.RandomAccessFile")
                    || c.getName().equals("java.nio.file.Files")
                    || c.getName().startsWith("java.lang.foreign."));

    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.planish");

    @Test
    void noClassOfThisModuleKnowsAFramework() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(FRAMEWORKS)
                .allowEmptyShould(true)
                .check(classes);
    }

    @Test
    void purePackagesOpenNoFile() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat(FILE_ACCESS)
                .allowEmptyShould(true)
                .check(classes);
    }

    @Test
    void purePackagesDependOnNoShell() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SHELLS)
                .allowEmptyShould(true)
                .check(classes);
    }
}
